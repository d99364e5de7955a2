// SPDX-License-Identifier: Apache-2.0
// Any bytes as a message that ends in TSIG: what is read is written back and read again as the
// same, and a MAC over it that is right today is wrong with one bit turned. The first byte says
// where the record starts.
#include "authority/tsig.h"
#include "base/check.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct dns_tsig *tsig)
{
    static uint8_t message[DNS_MESSAGE_MAX_BYTES];
    struct dns_tsig back;
    memset(message, 0, DNS_HEADER_BYTES);
    if (dns_tsig_bytes(tsig) > sizeof(message) - DNS_HEADER_BYTES)
        return;
    size_t len = dns_tsig_write(message, DNS_HEADER_BYTES, tsig);
    CHECK(dns_tsig_find(slice_of(message, len)) == DNS_HEADER_BYTES);
    CHECK(dns_tsig_read(slice_of(message, len), DNS_HEADER_BYTES, &back));
    CHECK(back.time_s == tsig->time_s && back.fudge_s == tsig->fudge_s);
    CHECK(back.error == tsig->error && back.original_id == tsig->original_id);
    CHECK(slice_equal(back.mac, tsig->mac) && slice_equal(back.other, tsig->other));
    CHECK(slice_equal(dns_name_slice(&back.key), dns_name_slice(&tsig->key)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_tsig tsig;
    struct tsig_keys *keys = NULL;
    struct tsig_session session;
    if (size < 1 + DNS_HEADER_BYTES || size > DNS_MESSAGE_MAX_BYTES)
        return 0;
    struct slice message = slice_of(data + 1, size - 1);
    size_t at = DNS_HEADER_BYTES + data[0];
    if (at < message.len && dns_tsig_read(message, at, &tsig))
        check_round_trip(&tsig);
    at = dns_tsig_find(message);
    if (at != 0 && tsig_keys_parse(SLICE_LIT("key hmac-sha256 AAAA"), &keys, NULL) == ERR_OK)
        (void)tsig_check_query(keys, message, at, 0x65000000, &session);
    tsig_keys_free(keys);
    return 0;
}
