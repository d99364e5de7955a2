// SPDX-License-Identifier: Apache-2.0
// SIGHUP: the log's file was moved away. Called on the main thread of every process of the node.
#include "node/reopen_priv.h"

#include "metrics/log.h"
#include "os/process.h"

void node_reopen_log(void)
{
    struct errctx ec = {0};
    if (log_reopen(&ec) != ERR_OK)
        LOG(LOG_ERROR, "log not reopened", LOG_ERR(&ec));
    crash_report_set_fd(log_fd());
}
