// SPDX-License-Identifier: Apache-2.0
// Keeps the TSIG keys of the scene as the file of --tsig-keys says. Main thread of the role.
#ifndef AUTHORITY_TSIG_WATCH_H
#define AUTHORITY_TSIG_WATCH_H

#include "authority/service.h"

struct tsig_watch;

/**
 * Reads the file into the scene and looks at it from then on, once a second. *out is NULL where no
 * file is set. Errors: as tsig_keys_read, at the start; later the keys before stay, and the log
 * tells. Owner: the caller, who frees it before the service.
 */
enum err tsig_watch_start(struct dns_service *service, struct tsig_watch **out, struct errctx *ec)
    MUST_USE;

/** Takes the keys out of the scene and frees them. NULL is fine. */
void tsig_watch_free(struct tsig_watch *w);

/** The keys as they are now, until the next turn of the main loop; NULL: none. */
const struct tsig_keys *tsig_watch_keys(const struct tsig_watch *w);

#endif
