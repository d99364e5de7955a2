// SPDX-License-Identifier: Apache-2.0
// Settings of answers. Runs at the start of the role's process.
#include "authority/answer_settings.h"

#include "authority/limits.h"
#include "base/alloc.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

/* One character string of TXT. */
static struct slice txt_of(struct arena *a, struct slice text)
{
    size_t len = min_size(text.len, UINT8_MAX);
    uint8_t *wire = arena_alloc(a, 1 + len);
    wire[0] = (uint8_t)len;
    memcpy(wire + 1, text.data, len);
    return slice_of(wire, 1 + len);
}

/* The name that the server gives itself: the one of NSID, else the machine's. */
static struct slice host_of(const struct answer_settings *s, char *buffer, size_t size)
{
    if (s->nsid.len > 0)
        return s->nsid;
    if (gethostname(buffer, size) != 0)
        return SLICE_LIT("unknown");
    buffer[size - 1] = '\0';
    return slice_str(buffer);
}

enum err answer_settings_new(const struct settings *settings, struct answer_settings **out,
                             struct errctx *ec)
{
    char host[HOST_NAME_MAX + 1];
    size_t nsid_len = settings->dns_nsid == NULL ? 0 : strlen(settings->dns_nsid);
    if (nsid_len > NSID_MAX_BYTES)
        return err_set(ec, ERR_INVALID, "--dns-nsid: at most %d bytes", NSID_MAX_BYTES);
    struct answer_settings *s = NEW(struct answer_settings);
    arena_init(&s->arena);
    s->nsid = arena_copy(&s->arena, slice_of(settings->dns_nsid, nsid_len));
    if (settings->dns_chaos) {
        s->chaos_version = txt_of(&s->arena, SLICE_LIT("weir " WEIR_VERSION));
        s->chaos_host = txt_of(&s->arena, host_of(s, host, sizeof(host)));
    }
    *out = s;
    return ERR_OK;
}

void answer_settings_free(struct answer_settings *s)
{
    if (s == NULL)
        return;
    arena_fini(&s->arena);
    free(s);
}
