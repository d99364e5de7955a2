// SPDX-License-Identifier: Apache-2.0
// Who may read votes.
#include "check/readers.h"

#include "check_roots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static bool has(const struct readers *r, uint8_t key)
{
    uint8_t bytes[ED25519_PUBLIC_BYTES];
    memset(bytes, key, sizeof(bytes));
    return readers_has(r, bytes);
}

static void the_nodes_of_the_root_may_read(void **state)
{
    (void)state;
    struct memory_store store;
    struct check_root root;
    struct readers *readers = NULL;
    memory_store_init(&store);
    check_root_init(&root, &store);
    for (unsigned i = 0; i < 100; i++) {
        char id[32];
        (void)snprintf(id, sizeof(id), "node%u", i);
        check_root_node(&root, id, (uint8_t)(2 * i));
    }
    const struct trie_ref *nodes = &root.root.tries[RELEASE_NODE];
    assert_int_equal(readers_load(nodes, &store.source, NULL, &readers, NULL), ERR_OK);
    for (unsigned i = 0; i < 256; i++)
        assert_int_equal(has(readers, (uint8_t)i), i < 200 && i % 2 == 0);
    readers_unref(readers);
    check_root_fini(&root);
    memory_store_fini(&store);
}

static void without_nodes_nobody_may(void **state)
{
    (void)state;
    const struct trie_ref none = {0};
    struct memory_store store;
    struct readers *readers = NULL;
    memory_store_init(&store);
    assert_int_equal(readers_load(&none, &store.source, NULL, &readers, NULL), ERR_OK);
    assert_false(has(readers, 0));
    assert_false(has(NULL, 0));
    readers_unref(readers);
    memory_store_fini(&store);
}

static void nodes_that_did_not_change_are_not_read_again(void **state)
{
    (void)state;
    struct memory_store store;
    struct check_root root;
    struct readers *first = NULL;
    struct readers *second = NULL;
    struct errctx ec = {0};
    memory_store_init(&store);
    check_root_init(&root, &store);
    check_root_node(&root, "a", 1);
    const struct trie_ref *nodes = &root.root.tries[RELEASE_NODE];
    assert_int_equal(readers_load(nodes, &store.source, NULL, &first, NULL), ERR_OK);
    size_t gets = store.gets;
    assert_int_equal(readers_load(nodes, &store.source, first, &second, NULL), ERR_OK);
    assert_ptr_equal(first, second);
    assert_int_equal(store.gets, gets);
    readers_unref(second);

    check_root_node(&root, "b", 2);
    assert_int_equal(readers_load(nodes, &store.source, first, &second, NULL), ERR_OK);
    assert_true(has(second, 2) && !has(first, 2));
    readers_unref(second);
    memory_store_drop(&store, &nodes->chunk);
    second = NULL;
    assert_int_not_equal(readers_load(nodes, &store.source, first, &second, &ec), ERR_OK);
    assert_null(second);
    readers_unref(first);
    check_root_fini(&root);
    memory_store_fini(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nodes_of_the_root_may_read),
        cmocka_unit_test(without_nodes_nobody_may),
        cmocka_unit_test(nodes_that_did_not_change_are_not_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
