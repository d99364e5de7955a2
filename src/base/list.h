// SPDX-License-Identifier: Apache-2.0
// Intrusive doubly linked lists. A node is embedded in the element; the head is a node too.
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/macros.h"

#include <stdbool.h>

struct list {
    struct list *prev;
    struct list *next;
};

static inline void list_init(struct list *head)
{
    head->prev = head;
    head->next = head;
}

static inline bool list_is_empty(const struct list *head)
{
    return head->next == head;
}

static inline void list_push_back(struct list *head, struct list *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

/** Takes the node out and leaves it as a list of its own, so removing it twice is harmless. */
static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/** The element around a node. */
#define LIST_ENTRY(node, type, member) CONTAINER_OF(node, type, member)

/** The first element, or NULL when the list is empty. */
#define LIST_FIRST(head, type, member)                                                             \
    (list_is_empty(head) ? NULL : LIST_ENTRY((head)->next, type, member))

/** Walks the nodes; the current one may be removed. `node` and `after` are struct list pointers. */
#define LIST_FOR_EACH(node, after, head)                                                           \
    for ((node) = (head)->next, (after) = (node)->next; (node) != (head);                          \
         (node) = (after), (after) = (node)->next)

#endif
