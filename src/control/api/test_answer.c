// SPDX-License-Identifier: Apache-2.0
// TestDNSAnswer: what a name server would answer to one client, and why. Called by the dispatcher
// on a worker, inside a read transaction.
#include "control/api/zones_priv.h"
#include "dns/name.h"

/* Source: Route 53 API Reference, TestDNSAnswer: the masks without EDNS0ClientSubnetMask. */
#define DEFAULT_MASK_V4 24
#define DEFAULT_MASK_V6 64

/* Addresses for a call that names none: of the documentation (RFC 5737), in no table of networks.
 */
#define DEFAULT_RESOLVER "192.0.2.1"

static enum aws_error read_address(struct api_call *c, const char *what, const char *text,
                                   struct net_address *out)
{
    if (net_address_parse_ip(slice_str(text), out))
        return AWS_OK;
    return aws_fail(&c->fault, AWS_InvalidInput, "Invalid parameter : %s '%s' is no IP address",
                    what, aws_echo(c->arena, text));
}

static enum aws_error read_subnet(struct api_call *c,
                                  const struct r53_test_dns_answer_request *request,
                                  struct api_dns_question *q)
{
    uint64_t bits = 0;
    if (request->subnet_ip == NULL && request->subnet_mask == NULL)
        return AWS_OK;
    if (request->subnet_ip == NULL)
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "Invalid parameter : EDNS0ClientSubnetMask without EDNS0ClientSubnetIP");
    enum aws_error error = read_address(c, "EDNS0ClientSubnetIP", request->subnet_ip, &q->subnet);
    if (error != AWS_OK)
        return error;
    bool is_v6 = q->subnet.sa.sa_family == AF_INET6;
    bits = is_v6 ? DEFAULT_MASK_V6 : DEFAULT_MASK_V4;
    uint64_t most = is_v6 ? 128 : 32;
    if (request->subnet_mask != NULL &&
        !slice_parse_u64(slice_str(request->subnet_mask), most, &bits))
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "Invalid parameter : EDNS0ClientSubnetMask '%s' is no number from 0 to %u",
                        aws_echo(c->arena, request->subnet_mask), (unsigned)most);
    q->subnet_bits = (unsigned)bits;
    return AWS_OK;
}

static enum aws_error read_question(struct api_call *c,
                                    const struct r53_test_dns_answer_request *request,
                                    const struct store_zone *zone, struct api_dns_question *q)
{
    struct errctx ec = {0};
    struct dns_name apex;
    const char *resolver = request->resolver_ip == NULL ? DEFAULT_RESOLVER : request->resolver_ip;
    *q = (struct api_dns_question){.zone_id = zone->id,
                                   .type = r53_rr_type_number(request->record_type)};
    if (dns_name_parse(slice_str(request->record_name), &q->name, &ec) != ERR_OK ||
        dns_name_parse(slice_str(zone->name), &apex, &ec) != ERR_OK)
        return aws_fail(&c->fault, AWS_InvalidInput, "%s", ec.text);
    if (!dns_name_is_within(dns_name_slice(&q->name), dns_name_slice(&apex)))
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "Invalid parameter : RecordName %s does not lie within the hosted zone %s",
                        aws_echo(c->arena, request->record_name), zone->name);
    enum aws_error error = read_address(c, "ResolverIP", resolver, &q->resolver);
    return error == AWS_OK ? read_subnet(c, request, q) : error;
}

/* The first name server of the zone, without its final dot. */
static enum err name_server_of(struct api_call *c, const struct store_zone *zone, const char **out,
                               struct errctx *ec)
{
    struct store_delegation_set set;
    if (zone->delegation_set_id == NULL) {
        *out = "";
        return ERR_OK;
    }
    enum err err = store_delegation_set_get(c->conn, c->arena, zone->delegation_set_id, &set, ec);
    if (err == ERR_OK)
        *out = arena_printf(c->arena, "%.*s", (int)strlen(set.names[0]) - 1, set.names[0]);
    return err;
}

enum aws_error api_test_dns_answer(struct api_call *c, const void *in, void *out)
{
    const struct r53_test_dns_answer_request *request = in;
    struct r53_test_dns_answer_response *response = out;
    struct api_dns_question question;
    struct api_dns_answer answer = {0};
    struct store_zone zone;
    struct errctx ec = {0};
    enum aws_error error = api_find_zone(c, request->hosted_zone_id, &zone);
    if (error == AWS_OK)
        error = read_question(c, request, &zone, &question);
    if (error != AWS_OK)
        return error;
    enum err err = name_server_of(c, &zone, &response->nameserver, &ec);
    if (err == ERR_OK)
        err = c->options->test_answer(c->options->user, c->conn, c->arena, &question, &answer, &ec);
    if (err == ERR_NOT_FOUND)
        return aws_fail(&c->fault, AWS_PriorRequestNotComplete,
                        "No release has the hosted zone %s yet: try again", zone.id);
    if (err == ERR_INVALID) {
        (void)api_store_failed(c, err, &ec);
        return aws_fail(&c->fault, AWS_ServiceUnavailable,
                        "A file of networks or of states of health cannot be read on the machine "
                        "of control, whose log says why.");
    }
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    response->record_name = request->record_name;
    response->record_type = request->record_type;
    response->response_code = dns_rcode_text(answer.rcode);
    response->protocol = "UDP";
    response->record_data = answer.values;
    response->record_data_count = answer.value_count;
    response->explanation = answer.lines;
    response->explanation_count = answer.line_count;
    return AWS_OK;
}
