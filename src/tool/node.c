// SPDX-License-Identifier: Apache-2.0
// `weir node VERB`: the nodes of the fleet, by the service weir; and the pin of the node on this
// machine, which needs no service. Called by cmd on the main thread.
#include "tool/node_list.h"
#include "tool/pin.h"
#include "tool/status.h"
#include "tool/tool.h"
#include "tool/verbs.h"

#include <string.h>

static enum err run_list(const struct tool_verb *verb, const struct tool_options *o,
                         struct errctx *ec)
{
    return tool_run_list(verb, o, tool_node_list_print, ec);
}

/** What "current" or "proven" means on this node now; any other word is a hash. In `a`. */
static enum err root_meant(struct arena *a, const struct tool_options *o, const char **out_root,
                           struct errctx *ec)
{
    const char *word = o->words[1];
    const char *key = strcmp(word, "current") == 0  ? "serving"
                      : strcmp(word, "proven") == 0 ? "proven"
                                                    : NULL;
    if (key == NULL) {
        *out_root = word;
        return ERR_OK;
    }
    AUTO_JSON json_t *status = NULL;
    enum err e = tool_status_fetch(a, o->data_dir, &status, ec);
    if (e != ERR_OK)
        return err_wrap(ec, "what '%s' is only the running node knows; a hash always works", word);
    const char *root = tool_text_at(status, key);
    if (root[0] == '\0')
        return err_set(ec, ERR_NOT_FOUND, "the node has no %s root yet", word);
    *out_root = arena_strdup(a, root);
    return ERR_OK;
}

static enum err run_pin(const struct tool_verb *verb, const struct tool_options *o,
                        struct errctx *ec)
{
    (void)verb;
    AUTO_ARENA struct arena a = {0};
    const char *root = NULL;
    enum err e = root_meant(&a, o, &root, ec);
    if (e == ERR_OK)
        e = tool_pin_write(o->data_dir, root, ec);
    if (e == ERR_OK)
        printf("%s/pin holds %s; the node keeps this root until 'weir node unpin'\n", o->data_dir,
               root);
    return e;
}

static enum err run_unpin(const struct tool_verb *verb, const struct tool_options *o,
                          struct errctx *ec)
{
    (void)verb;
    enum err e = tool_pin_remove(o->data_dir, ec);
    if (e == ERR_OK)
        printf("%s/pin is gone; the node follows control\n", o->data_dir);
    return e;
}

static const struct tool_verb verbs[] = {
    TOOL_VERB_LIST("ListNodes", run_list),
    TOOL_VERB_CHANGE("admit", "AdmitNode", "admitted: it gets releases and counts"),
    TOOL_VERB_CHANGE("cordon", "CordonNode", "cordoned: it gets releases, but nobody waits for it"),
    TOOL_VERB_CHANGE("uncordon", "UncordonNode", "admitted: it gets releases and counts"),
    TOOL_VERB_CHANGE("drain", "DrainNode", "draining: cordoned, and /healthz there says so"),
    TOOL_VERB_CHANGE("remove", "RemoveNode", "removed: it gets nothing more"),
    {.name = "pin",
     .arguments = "[--data DIR] current|proven|HASH",
     .words_min = 2,
     .words_max = 2,
     .run = run_pin},
    {.name = "unpin",
     .arguments = "[--data DIR]",
     .words_min = 1,
     .words_max = 1,
     .run = run_unpin},
};

int tool_node(int argc, char **argv)
{
    return tool_run_verbs("node", verbs, ARRAY_LEN(verbs), argc, argv);
}
