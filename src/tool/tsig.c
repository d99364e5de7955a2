// SPDX-License-Identifier: Apache-2.0
// `weir tsig VERB`: keys of signed DNS messages. Called by cmd on the main thread.
#include "base/random.h"
#include "dns/base64.h"
#include "dns/name.h"
#include "tool/tool.h"
#include "tool/verbs.h"

#include <stdio.h>

/* As long as what HMAC-SHA-256 gives: RFC 8945 section 8. */
#define SECRET_BYTES 32
#define SECRET_TEXT_SIZE (4 * ((SECRET_BYTES + 2) / 3) + 1)

/** A line of the file of --tsig-keys; behind '#', which that file passes over, what Knot reads. */
static enum err run_generate(const struct tool_verb *verb, const struct tool_options *o,
                             struct errctx *ec)
{
    uint8_t secret[SECRET_BYTES];
    char text[SECRET_TEXT_SIZE];
    char canonical[DNS_NAME_TEXT_SIZE];
    struct dns_name name;
    (void)verb;
    enum err e = dns_name_parse(slice_str(o->words[1]), &name, ec);
    if (e != ERR_OK)
        return e;
    (void)dns_name_format(dns_name_slice(&name), canonical);
    random_bytes(secret, sizeof(secret));
    *dns_base64_write(text, slice_of(secret, sizeof(secret))) = '\0';
    printf("%s hmac-sha256 %s\n", canonical, text);
    printf("# key:\n#   - id: %s\n#     algorithm: hmac-sha256\n#     secret: %s\n", canonical,
           text);
    return ERR_OK;
}

static const struct tool_verb verbs[] = {
    {.name = "generate", .arguments = "NAME", .words_min = 2, .words_max = 2, .run = run_generate},
};

int tool_tsig(int argc, char **argv)
{
    return tool_run_verbs("tsig", verbs, ARRAY_LEN(verbs), argc, argv);
}
