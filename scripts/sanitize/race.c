// Positive control of ThreadSanitizer: two threads count without a lock.
#include <pthread.h>
#include <stddef.h>

static long count;

static void *count_up(void *unused) {
    (void)unused;
    for (int i = 0; i < 1000; i++) {
        count++;
    }
    return NULL;
}

int main(void) {
    pthread_t other;
    if (pthread_create(&other, NULL, count_up, NULL) != 0) {
        return 0;
    }
    count_up(NULL);
    pthread_join(other, NULL);
    return 0;
}
