// SPDX-License-Identifier: Apache-2.0
// Signed pointers: which roots a fleet runs. Called by control, which signs, and by the agent,
// which verifies; any thread.
#include "base/check.h"
#include "crypto/cert.h"
#include "release/limits.h"
#include "release/root.h"
#include "release/wire_priv.h"

enum pointer_field {
    POINTER_FLEET = 1,
    POINTER_EPOCH = 2,
    POINTER_SEQUENCE = 3,
    POINTER_STABLE_ROOT = 4,
    POINTER_CANDIDATE_ROOT = 5,
    POINTER_WAVE = 6,
};
enum signed_field { SIGNED_POINTER = 1, SIGNED_SIGNATURE = 2, SIGNED_RELEASE_KEY_PEM = 3 };

bool release_pointer_has_node(const struct release_pointer *p, const char *node_id)
{
    for (size_t i = 0; i < p->wave_count; i++) {
        if (strcmp(p->wave[i], node_id) == 0)
            return true;
    }
    return false;
}

int release_pointer_compare(const struct release_pointer *a, const struct release_pointer *b)
{
    if (a->epoch != b->epoch)
        return a->epoch < b->epoch ? -1 : 1;
    return (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

struct slice release_pointer_encode(struct arena *a, const struct release_pointer *p)
{
    CHECK(!chunk_hash_is_zero(&p->stable) && !chunk_hash_is_zero(&p->candidate));
    CHECK(p->wave_count <= RELEASE_WAVE_MAX);
    struct buf b = {0};
    wire_put_bytes(&b, POINTER_FLEET, slice_of(p->fleet, sizeof(p->fleet)));
    wire_put_number(&b, POINTER_EPOCH, p->epoch);
    wire_put_number(&b, POINTER_SEQUENCE, p->sequence);
    wire_put_bytes(&b, POINTER_STABLE_ROOT, slice_of(p->stable.bytes, SHA256_BYTES));
    wire_put_bytes(&b, POINTER_CANDIDATE_ROOT, slice_of(p->candidate.bytes, SHA256_BYTES));
    for (size_t i = 0; i < p->wave_count; i++) {
        CHECK(text_is_id(slice_str(p->wave[i])));
        wire_put_item(&b, POINTER_WAVE, slice_str(p->wave[i]));
    }
    return wire_take(a, &b);
}

struct slice release_pointer_sign(struct arena *a, const struct release_pointer *p,
                                  const struct signing_key *release_key,
                                  struct slice release_key_pem)
{
    CHECK(release_key_pem.len > 0 && release_key_pem.len <= RELEASE_PEM_MAX_BYTES);
    struct slice pointer = release_pointer_encode(a, p);
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    signing_key_sign(release_key, pointer, signature);
    struct buf b = {0};
    wire_put_bytes(&b, SIGNED_POINTER, pointer);
    wire_put_bytes(&b, SIGNED_SIGNATURE, slice_of(signature, sizeof(signature)));
    wire_put_bytes(&b, SIGNED_RELEASE_KEY_PEM, release_key_pem);
    return wire_take(a, &b);
}

static void read_root(struct wire_reader *r, struct chunk_hash *out)
{
    wire_expect(r, chunk_hash_from(wire_bytes(r), out) && !chunk_hash_is_zero(out));
}

static void read_pointer_field(struct arena *a, struct wire_reader *r, struct release_pointer *p)
{
    struct slice bytes;
    switch (r->field) {
    case POINTER_FLEET:
        (void)wire_fixed(r, p->fleet, sizeof(p->fleet));
        break;
    case POINTER_EPOCH:
        p->epoch = wire_number(r, UINT64_MAX);
        break;
    case POINTER_SEQUENCE:
        p->sequence = wire_number(r, UINT64_MAX);
        break;
    case POINTER_STABLE_ROOT:
        read_root(r, &p->stable);
        break;
    case POINTER_CANDIDATE_ROOT:
        read_root(r, &p->candidate);
        break;
    case POINTER_WAVE:
        bytes = wire_item(r);
        wire_expect(r, text_is_id(bytes));
        if (!r->is_bad)
            p->wave[p->wave_count++] = arena_str(a, bytes);
        break;
    default:
        break;
    }
}

enum err release_pointer_decode_unverified(struct arena *a, struct slice bytes,
                                           struct release_pointer *out, struct errctx *ec)
{
    size_t wave_count = wire_count(bytes, POINTER_WAVE);
    if (wave_count > RELEASE_WAVE_MAX)
        return err_set(ec, ERR_CORRUPT, "pointer: a wave of %zu nodes", wave_count);
    struct release_pointer p = {.wave = arena_array(a, wave_count, sizeof(const char *))};
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r))
        read_pointer_field(a, &r, &p);
    wire_expect(&r, !chunk_hash_is_zero(&p.stable) && !chunk_hash_is_zero(&p.candidate));
    enum err err = wire_finish(&r, "pointer", ec);
    if (err == ERR_OK)
        *out = p;
    return err;
}

/** A SignedPointer as it came; borrowed. */
struct envelope {
    struct slice pointer;
    struct slice signature;
    struct slice release_key_pem;
};

static enum err envelope_decode(struct slice bytes, struct envelope *out, struct errctx *ec)
{
    struct envelope e = {0};
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r)) {
        if (r.field == SIGNED_POINTER)
            e.pointer = wire_bytes(&r);
        else if (r.field == SIGNED_SIGNATURE)
            e.signature = wire_bytes(&r);
        else if (r.field == SIGNED_RELEASE_KEY_PEM)
            e.release_key_pem = wire_bytes(&r);
    }
    wire_expect(&r, e.release_key_pem.len <= RELEASE_PEM_MAX_BYTES);
    enum err err = wire_finish(&r, "signed pointer", ec);
    if (err == ERR_OK)
        *out = e;
    return err;
}

static enum err verify_signature(const struct envelope *e, struct slice fleet_root_pem,
                                 int64_t now_unix_s, struct errctx *ec)
{
    struct errctx why = {0};
    uint8_t key[ED25519_PUBLIC_BYTES];
    enum err err =
        cert_verify(e->release_key_pem, fleet_root_pem, CERT_RELEASE_KEY, now_unix_s, &why);
    if (err == ERR_OK)
        err = cert_public_key(e->release_key_pem, key, &why);
    if (err != ERR_OK)
        return err_set(ec, err, "signed pointer: release key: %s", why.text);
    if (!ed25519_verify(key, e->pointer, e->signature))
        return err_set(ec, ERR_DENIED, "signed pointer: wrong signature");
    return ERR_OK;
}

static enum err verify_fleet(const struct release_pointer *p, struct slice fleet_root_pem,
                             struct errctx *ec)
{
    uint8_t key[ED25519_PUBLIC_BYTES];
    enum err err = cert_public_key(fleet_root_pem, key, ec);
    if (err != ERR_OK)
        return err;
    struct chunk_hash fleet = chunk_hash_of(slice_of(key, sizeof(key)));
    if (memcmp(fleet.bytes, p->fleet, sizeof(p->fleet)) != 0)
        return err_set(ec, ERR_DENIED, "pointer: of another fleet");
    return ERR_OK;
}

enum err release_pointer_verify(struct arena *a, struct slice signed_bytes,
                                struct slice fleet_root_pem, int64_t now_unix_s,
                                struct release_pointer *out, struct errctx *ec)
{
    struct envelope envelope;
    struct release_pointer pointer;
    enum err err = envelope_decode(signed_bytes, &envelope, ec);
    if (err == ERR_OK)
        err = verify_signature(&envelope, fleet_root_pem, now_unix_s, ec);
    if (err == ERR_OK)
        err = release_pointer_decode_unverified(a, envelope.pointer, &pointer, ec);
    if (err == ERR_OK)
        err = verify_fleet(&pointer, fleet_root_pem, ec);
    if (err == ERR_OK)
        *out = pointer;
    return err;
}
