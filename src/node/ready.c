// SPDX-License-Identifier: Apache-2.0
// DIR/ready.json, written by the supervisor on its only thread.
#include "node/ready_priv.h"

#include "base/json_write.h"
#include "os/file.h"

#include <string.h>
#include <unistd.h>

#define READY_LABELS_MAX 16    /* different services of a node */
#define READY_ADDRESSES_MAX 64 /* addresses of one service */

/** One key of the file with the addresses that are bound for it. */
struct ready_label {
    const char *label;
    struct net_address addresses[READY_ADDRESSES_MAX];
    size_t count;
};

struct ready_table {
    struct ready_label labels[READY_LABELS_MAX];
    size_t count;
};

static void add_address(struct ready_table *table, const char *label,
                        const struct net_address *address)
{
    size_t i = 0;
    while (i < table->count && strcmp(table->labels[i].label, label) != 0)
        i++;
    if (i == READY_LABELS_MAX)
        return;
    struct ready_label *entry = &table->labels[i];
    if (i == table->count) {
        entry->label = label;
        table->count++;
    }
    for (size_t k = 0; k < entry->count; k++) {
        if (net_address_equal(&entry->addresses[k], address))
            return;
    }
    if (entry->count < READY_ADDRESSES_MAX)
        entry->addresses[entry->count++] = *address;
}

static void gather(const struct node *node, struct ready_table *table)
{
    for (size_t r = 0; r < node->role_count; r++) {
        const struct node_role *role = &node->roles[r];
        for (size_t i = 0; i < role->socket_count; i++)
            add_address(table, role->sockets[i].label, &role->sockets[i].bound);
    }
    if (node->admin_fd >= 0)
        add_address(table, "admin", &node->admin_bound);
    if (node->peer_fd >= 0)
        add_address(table, "peer", &node->peer_bound);
    if (node->nodes_fd >= 0)
        add_address(table, "nodes", &node->nodes_bound);
}

static void write_label(struct buf *out, const struct ready_label *label)
{
    bool is_list = label->count > 1;
    if (is_list)
        json_write_open(out, label->label, '[');
    for (size_t i = 0; i < label->count; i++) {
        char text[NET_ADDRESS_TEXT_SIZE];
        net_address_format(&label->addresses[i], text);
        json_write_str(out, is_list ? NULL : label->label, text);
    }
    if (is_list)
        json_write_close(out, ']');
}

static void ready_path(const struct node *node, struct buf *out)
{
    buf_printf(out, "%s/ready.json", node->settings->data);
    buf_append_byte(out, '\0');
}

enum err ready_write(const struct node *node, struct errctx *ec)
{
    struct ready_table table = {0};
    gather(node, &table);
    AUTO_BUF struct buf text = {0};
    json_write_open(&text, NULL, '{');
    for (size_t i = 0; i < table.count; i++)
        write_label(&text, &table.labels[i]);
    json_write_u64(&text, "pid", (uint64_t)getpid());
    json_write_close(&text, '}');
    buf_append_byte(&text, '\n');
    AUTO_BUF struct buf path = {0};
    ready_path(node, &path);
    return file_replace((const char *)buf_slice(&path).data, buf_slice(&text), 0644, ec);
}

enum err ready_remove(const struct node *node, struct errctx *ec)
{
    AUTO_BUF struct buf path = {0};
    ready_path(node, &path);
    return file_remove((const char *)buf_slice(&path).data, ec);
}
