// SPDX-License-Identifier: Apache-2.0
// `weir zone export`: a zone as a master file on standard output. Called by cmd on the main thread.
#include "tool/zone.h"
#include "tool/zone_remote.h"
#include "tool/zone_text.h"

enum err zone_run_export(const struct tool_verb *verb, const struct tool_options *o,
                         struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    AUTO_BUF struct buf text = {0};
    AUTO_CLIENT struct tool_client client = {0};
    const struct tool_client_options where = {.data_dir = o->data_dir, .endpoint = o->endpoint};
    struct zone_remote zone;
    struct zone_sets sets;
    const char *word = o->words[1];
    (void)verb;
    enum err e = tool_client_open(&a, &where, &client, ec);
    if (e == ERR_OK)
        e = zone_remote_get(&client, &a, word, &zone, ec);
    if (e == ERR_OK)
        e = zone_remote_list(&client, &a, &zone, &sets, ec);
    if (e != ERR_OK)
        return e;
    zone_text_write(&a, &sets, &text);
    struct slice bytes = buf_slice(&text);
    if (fwrite(bytes.data, 1, bytes.len, stdout) != bytes.len || fflush(stdout) != 0)
        return err_errno(ec, "standard output");
    return ERR_OK;
}
