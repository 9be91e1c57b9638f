/*
 * A heap's local parts: whose they are, and the mail that other threads leave in them.
 *
 * A block freed by a thread that does not own its span goes into the span's mailbox, a list through
 * the side table whose head is exchanged atomically. Whoever puts the first block into an empty
 * mailbox also puts the span into its local part's `mail`. The owner collects on its slow path; as
 * long as a mailbox is not collected its blocks count as live, so the span stays where it is.
 *
 * All functions but local_post are called with the heap's lock held.
 */
#ifndef WINHEAP_NATIVE_LOCAL_H
#define WINHEAP_NATIVE_LOCAL_H

#include "layout.h"

/* What threads meet that know no local part: no handle fits its key, and it has no spans. */
extern INTERNAL struct local local_none;

/*
 * The calling thread's local part: its own, an idle one that becomes its own, or a new one. A
 * thread that cannot be registered is lent an idle one for as long as it holds the lock. NULL
 * without memory.
 */
struct local *local_obtain(struct heap *heap);

/* What is local_obtain's answer for a thread that has one already; else NULL. */
struct local *local_find(struct heap *heap, const struct thread *owner);

/* Enters the head of a class's list; span_none when the list is empty. */
void local_set_current(struct local *local, uint32_t sizeclass, struct span *span);

/* Lets the owner go without the lock, or not, as far as the heap's options allow. */
void local_open(struct local *local);
void local_close(struct local *local);

/* The owner's exit: the local part is idle, its empty spans are released. */
void local_abandon(struct heap *heap, struct local *local);

/* Puts a freed block of another thread's span into its mailbox. Without the lock. */
void local_post(struct span *span, uint32_t index);

/* Collects what has been posted. */
void local_collect(struct heap *heap, struct local *local);

/*
 * A span of the class with room from a local part that is idle, or whose owner is kept out, given
 * to this one; NULL if there is none.
 */
struct span *local_adopt(struct heap *heap, struct local *local, uint32_t sizeclass);

/* Gives back the local parts of a heap that is being destroyed. */
void local_release_all(struct heap *heap);

#endif
