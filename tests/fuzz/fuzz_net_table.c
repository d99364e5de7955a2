// SPDX-License-Identifier: Apache-2.0
// Tables of networks against the naive way: the same values, and scopes that are true at both ends.
// Input: rows of 11 bytes (flags, length, value, 8 of bits); those with the flag CLIENT are asked.
#include "base/check.h"
#include "routing/net_table.h"

#include <string.h>

enum { ROW_BYTES = 11, ROWS_MAX = 64, FLAG_V6 = 1, FLAG_CLIENT = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned full_of(const struct net_key *key)
{
    return key->is_v6 ? 64 : 32;
}

static struct net_key cut(struct net_key key, unsigned length)
{
    key.bits = length == 0 ? 0 : key.bits & UINT64_MAX << (64 - length);
    key.length = (uint8_t)length;
    return key;
}

static struct net_key key_of(const uint8_t *row)
{
    struct net_key key = {.is_v6 = (row[0] & FLAG_V6) != 0};
    for (size_t i = 0; i < 8; i++)
        key.bits = key.bits << 8 | row[3 + i];
    return cut(key, row[1] % (full_of(&key) + 1));
}

static uint32_t find_slowly(const struct net_table_entry *entries, size_t count,
                            const struct net_key *client)
{
    uint32_t value = NET_TABLE_NONE;
    int longest = -1;
    for (size_t i = 0; i < count; i++) {
        const struct net_key *n = &entries[i].network;
        if (n->is_v6 != client->is_v6 || n->length > client->length || n->length < longest ||
            cut(*client, n->length).bits != n->bits)
            continue;
        value = entries[i].value;
        longest = n->length;
    }
    return value;
}

static uint32_t find(const struct net_table *t, const struct net_key *client, uint8_t *scope)
{
    uint32_t value = NET_TABLE_NONE;
    bool is_found = net_table_find(t, client, &value, scope);
    CHECK(is_found == (value != NET_TABLE_NONE));
    CHECK(*scope <= full_of(client));
    return value;
}

/* Both ends of what the scope covers have the value, and that very scope. */
static void check_scope(const struct net_table *t, const struct net_key *client, uint32_t value,
                        uint8_t scope)
{
    if (scope > client->length)
        return;
    unsigned full = full_of(client);
    struct net_key first = cut(cut(*client, scope), full);
    struct net_key last = first;
    last.bits |= scope == 64 ? 0 : UINT64_MAX >> scope;
    last = cut(last, full);
    uint8_t other = 0;
    CHECK(find(t, &first, &other) == value && other == scope);
    CHECK(find(t, &last, &other) == value && other == scope);
}

static void check_client(const struct net_table *t, const struct net_table *by_address,
                         const struct net_table_entry *entries, size_t count, struct net_key client)
{
    uint8_t scope = 0;
    uint32_t value = find(t, &client, &scope);
    CHECK(value == find_slowly(entries, count, &client));
    check_scope(t, &client, value, scope);
    struct net_key address = cut(client, full_of(&client));
    value = find(by_address, &client, &scope);
    CHECK(value == find_slowly(entries, count, &address));
    check_scope(by_address, &address, value, scope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct net_table_entry entries[ROWS_MAX] = {{.value = 0}};
    size_t rows = size / ROW_BYTES < ROWS_MAX ? size / ROW_BYTES : ROWS_MAX;
    size_t count = 0;
    for (size_t i = 0; i < rows; i++) {
        const uint8_t *row = data + i * ROW_BYTES;
        if ((row[0] & FLAG_CLIENT) == 0)
            entries[count++] = (struct net_table_entry){.network = key_of(row), .value = row[2]};
    }
    struct net_table *t = net_table_new(entries, count);
    struct net_table *by_address = net_table_new_by_address(entries, count);
    for (size_t i = 0; i < rows; i++)
        check_client(t, by_address, entries, count, key_of(data + i * ROW_BYTES));
    net_table_free(t);
    net_table_free(by_address);
    return 0;
}
