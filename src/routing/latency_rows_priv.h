// SPDX-License-Identifier: Apache-2.0
// Latencies from networks to regions: one row of regions for each network, shared by networks whose
// rows are equal. Part of an atlas, whose header says who owns and reads it.
#ifndef ROUTING_LATENCY_ROWS_PRIV_H
#define ROUTING_LATENCY_ROWS_PRIV_H

#include "routing/net_table.h"

struct latency_rows;
struct latency_builder;

struct latency_builder *latency_builder_new(void);
void latency_builder_free(struct latency_builder *b); /* NULL is fine */
void latency_builder_add(struct latency_builder *b, const struct net_key *network, size_t region,
                         uint16_t latency_ms);
/** The builder is empty afterwards. */
struct latency_rows *latency_builder_finish(struct latency_builder *b);

void latency_rows_free(struct latency_rows *l); /* NULL is fine */
bool latency_rows_find(const struct latency_rows *l, const struct net_key *client,
                       const uint16_t *regions, size_t count, uint16_t *out_ms, uint8_t *scope);
size_t latency_rows_count(const struct latency_rows *l);
size_t latency_rows_bytes(const struct latency_rows *l);

#endif
