// SPDX-License-Identifier: Apache-2.0
// Read-copy-update, quiescent-state flavour of liburcu, wrapped so that ThreadSanitizer
// understands it. A reader thread registers, reads pointers with rcu_read_ptr, and says between
// two queries or batches that it holds nothing (rcu_quiescent), or goes offline while it waits in
// the kernel. A writer swaps a pointer, waits in rcu_wait_readers, then frees the old value.
#ifndef OS_RCU_H
#define OS_RCU_H

/** Registers the calling thread as a reader, online. */
void rcu_thread_register(void);
void rcu_thread_unregister(void);

/** The calling reader holds no protected pointer at this moment. */
void rcu_quiescent(void);

/** Around a wait in the kernel: an offline reader holds nothing and delays no writer. */
void rcu_offline(void);
void rcu_online(void);

/** Acquire load of a protected pointer: rcu_read_ptr(&world->root). */
#define rcu_read_ptr(address) __atomic_load_n((address), __ATOMIC_ACQUIRE)

/** Release store of a protected pointer; returns the old value, still in readers' hands. */
#define rcu_swap_ptr(address, value) __atomic_exchange_n((address), (value), __ATOMIC_ACQ_REL)

/** Waits until every online reader has been quiescent once. Never on an online reader thread. */
void rcu_wait_readers(void);

#endif
