// SPDX-License-Identifier: Apache-2.0
// SIGHUP, as every process of a node takes it. Private to node/.
#ifndef NODE_REOPEN_PRIV_H
#define NODE_REOPEN_PRIV_H

/** Opens the log's file anew, and points the report of a crash at it. Main thread. */
void node_reopen_log(void);

#endif
