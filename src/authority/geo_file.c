// SPDX-License-Identifier: Apache-2.0
// Geography files. Called by atlas_watch.c on its worker.
//
// The tree of an MMDB file is walked once, in the order of its networks. A file for both families
// has IPv4 as ::/96 and leads other prefixes (6to4 and the like) to the same node: what that node
// holds is read as IPv4, once, and left out everywhere else.
#include "authority/geo_file.h"

#include "authority/geo_record.h"
#include "authority/limits.h"
#include "base/alloc.h"
#include "base/check.h"
#include "base/map.h"
#include "os/file.h"
#include "places/places.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define V4_BITS 32
#define V6_BITS 128
#define KEY_BITS 64
#define NO_NODE UINT32_MAX

/* A record of a search node that is still to be looked at. */
struct step {
    uint64_t value; /* of a search node: its number */
    MMDB_entry_s entry;
    uint64_t bits; /* of the network, as in net_key */
    uint8_t type;
    uint8_t depth; /* length of the network */
};

struct walk {
    const MMDB_s *db;
    struct atlas_builder *out;
    struct map known; /* offset of a record to its place in `places`, by pointer */
    uint64_t visits;
    size_t added;
    uint32_t v4_root; /* the node of ::/96; NO_NODE */
};

static enum err copy_into(int from, int to, struct errctx *ec)
{
    uint8_t *buffer AUTO_FREE = mem_alloc(GEO_COPY_BYTES);
    for (uint64_t total = 0;;) {
        ssize_t got = read(from, buffer, GEO_COPY_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(ec, "read");
        if (got == 0)
            return ERR_OK;
        total += (uint64_t)got;
        if (total > GEO_FILE_MAX_BYTES)
            return err_set(ec, ERR_LIMIT, "larger than %llu bytes",
                           (unsigned long long)GEO_FILE_MAX_BYTES);
        for (ssize_t done = 0; done < got;) {
            ssize_t written = write(to, buffer + done, (size_t)(got - done));
            if (written < 0 && errno != EINTR)
                return err_errno(ec, "copy into memory");
            done += written < 0 ? 0 : written;
        }
    }
}

/* A copy of the file in memory: what changes on the disk cannot pull it away from under us. */
static enum err copy_file(const char *path, int *out_fd, struct errctx *ec)
{
    AUTO_FD int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return err_errno(ec, "open");
    struct stat st;
    if (fstat(from, &st) != 0)
        return err_errno(ec, "stat");
    if (!S_ISREG(st.st_mode))
        return err_set(ec, ERR_INVALID, "not a regular file");
    AUTO_FD int copy = memfd_create("geography", MFD_CLOEXEC);
    if (copy < 0)
        return err_errno(ec, "memory for a copy");
    enum err e = copy_into(from, copy, ec);
    if (e != ERR_OK)
        return e;
    *out_fd = fd_take(&copy);
    return ERR_OK;
}

/* The place of a data record, which many networks share. */
static enum err place_of(struct walk *w, MMDB_entry_s *entry, const struct atlas_place **out,
                         struct errctx *ec)
{
    struct slice key = slice_of(&entry->offset, sizeof(entry->offset));
    struct atlas_place *place = map_get(&w->known, key);
    if (place == NULL) {
        struct atlas_place found = {0};
        enum err e = geo_record_read(entry, &found, ec);
        if (e != ERR_OK)
            return e;
        place = NEW(struct atlas_place);
        *place = found;
        (void)map_put(&w->known, key, place);
    }
    *out = place;
    return ERR_OK;
}

static enum err add_network(struct walk *w, struct step *s, bool is_v6, struct errctx *ec)
{
    const struct atlas_place *place = NULL;
    enum err e = place_of(w, &s->entry, &place, ec);
    if (e != ERR_OK || (place->place == PLACE_NOWHERE && !place->has_point))
        return e;
    struct net_key network = {
        .bits = s->bits,
        .length = s->depth < KEY_BITS ? s->depth : KEY_BITS,
        .is_v6 = is_v6,
    };
    if (++w->added > NET_TABLE_NETWORKS_MAX)
        return err_set(ec, ERR_LIMIT, "more than %zu networks", NET_TABLE_NETWORKS_MAX);
    atlas_builder_add_place(w->out, &network, place);
    return ERR_OK;
}

static enum err read_node(struct walk *w, uint64_t number, MMDB_search_node_s *out,
                          struct errctx *ec)
{
    if (++w->visits > (uint64_t)w->db->metadata.node_count * GEO_VISITS_PER_NODE)
        return err_set(ec, ERR_CORRUPT, "its search tree leads back into itself");
    int status = MMDB_read_node(w->db, (uint32_t)number, out);
    if (status != MMDB_SUCCESS)
        return err_set(ec, ERR_CORRUPT, "search node %llu: %s", (unsigned long long)number,
                       MMDB_strerror(status));
    return ERR_OK;
}

/* Left is the 0 side of a node, and pushed last, so that it is looked at first. */
static size_t push_sides(struct step *stack, size_t depth, const struct step *parent,
                         const MMDB_search_node_s *node)
{
    uint64_t bit = parent->depth < KEY_BITS ? 1ULL << (KEY_BITS - 1 - parent->depth) : 0;
    stack[depth++] = (struct step){
        .value = node->right_record,
        .entry = node->right_record_entry,
        .bits = parent->bits | bit,
        .type = node->right_record_type,
        .depth = (uint8_t)(parent->depth + 1),
    };
    stack[depth++] = (struct step){
        .value = node->left_record,
        .entry = node->left_record_entry,
        .bits = parent->bits,
        .type = node->left_record_type,
        .depth = (uint8_t)(parent->depth + 1),
    };
    return depth;
}

/* Walks what lies below a node that stands for the whole family. */
static enum err walk_family(struct walk *w, uint32_t root, bool is_v6, struct errctx *ec)
{
    /* Each level leaves at most one side waiting. */
    struct step stack[V6_BITS + 2];
    unsigned most = is_v6 ? V6_BITS : V4_BITS;
    size_t depth = 0;
    stack[depth++] = (struct step){.value = root, .type = MMDB_RECORD_TYPE_SEARCH_NODE};
    while (depth > 0) {
        struct step s = stack[--depth];
        enum err e = ERR_OK;
        if (s.type == MMDB_RECORD_TYPE_DATA) {
            e = add_network(w, &s, is_v6, ec);
        } else if (s.type == MMDB_RECORD_TYPE_SEARCH_NODE) {
            if (is_v6 && s.value == w->v4_root)
                continue;
            if (s.depth >= most)
                return err_set(ec, ERR_CORRUPT, "its search tree is deeper than an address");
            MMDB_search_node_s node;
            e = read_node(w, s.value, &node, ec);
            if (e == ERR_OK)
                depth = push_sides(stack, depth, &s, &node);
        } else if (s.type != MMDB_RECORD_TYPE_EMPTY) {
            return err_set(ec, ERR_CORRUPT, "its search tree leads out of the file");
        }
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* Of a file for both families: goes to ::/96, and takes a record on the way for all of IPv4. */
static enum err find_v4(struct walk *w, struct errctx *ec)
{
    struct step s = {.type = MMDB_RECORD_TYPE_SEARCH_NODE};
    for (unsigned i = 0; i < V6_BITS - V4_BITS && s.type == MMDB_RECORD_TYPE_SEARCH_NODE; i++) {
        MMDB_search_node_s node = {0};
        enum err e = read_node(w, s.value, &node, ec);
        if (e != ERR_OK)
            return e;
        s.value = node.left_record;
        s.type = node.left_record_type;
        s.entry = node.left_record_entry;
    }
    if (s.type == MMDB_RECORD_TYPE_SEARCH_NODE)
        w->v4_root = (uint32_t)s.value;
    return s.type == MMDB_RECORD_TYPE_DATA ? add_network(w, &s, false, ec) : ERR_OK;
}

static enum err walk_file(struct walk *w, struct errctx *ec)
{
    if (w->db->metadata.ip_version == 4)
        return walk_family(w, 0, false, ec);
    enum err e = find_v4(w, ec);
    if (e == ERR_OK && w->v4_root != NO_NODE)
        e = walk_family(w, w->v4_root, false, ec);
    if (e == ERR_OK)
        e = walk_family(w, 0, true, ec);
    return e;
}

static void forget(struct map *known)
{
    size_t cursor = 0;
    for (const struct map_entry *m = map_next(known, &cursor); m != NULL;
         m = map_next(known, &cursor))
        free(m->value);
    map_fini(known);
}

static enum err read_file(const char *path, struct atlas_builder *b, struct errctx *ec)
{
    AUTO_FD int copy = -1;
    enum err e = copy_file(path, &copy, ec);
    if (e != ERR_OK)
        return e;
    char name[sizeof("/proc/self/fd/") + 10];
    int len = snprintf(name, sizeof(name), "/proc/self/fd/%d", copy);
    CHECK(len > 0 && (size_t)len < sizeof(name));
    MMDB_s db;
    int status = MMDB_open(name, MMDB_MODE_MMAP, &db);
    if (status != MMDB_SUCCESS)
        return err_set(ec, ERR_CORRUPT, "not an MMDB file: %s", MMDB_strerror(status));
    struct walk w = {.db = &db, .out = b, .v4_root = NO_NODE};
    map_init(&w.known);
    e = walk_file(&w, ec);
    forget(&w.known);
    MMDB_close(&db);
    return e;
}

enum err geo_file_read(const char *path, struct atlas_builder *b, struct errctx *ec)
{
    enum err e = read_file(path, b, ec);
    return e == ERR_OK ? ERR_OK : err_wrap(ec, "geography file '%s'", path);
}
