#include "buildid.h"

#include "winheap/heapapi.h"

#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#ifndef WINHEAP_VERSION
#error "WINHEAP_VERSION is set by CMake from the project's version"
#endif

static char identity[256];
static pthread_mutex_t identity_lock = PTHREAD_MUTEX_INITIALIZER;

const char *winheap_version(void) {
    return WINHEAP_VERSION;
}

static bool buildid_contains(const struct dl_phdr_info *info, ElfW(Addr) address) {
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        ElfW(Addr) start = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD && address >= start && address - start < header->p_memsz)
            return true;
    }
    return false;
}

static size_t buildid_padded(size_t length) {
    return (length + 3) & ~(size_t)3;
}

static void buildid_print(char *text, const unsigned char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static bool buildid_from_notes(const char *notes, size_t length, char *text, size_t room) {
    while (length > sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const void *)notes;
        const char *name = notes + sizeof *note;
        const char *value = name + buildid_padded(note->n_namesz);
        size_t step = (size_t)(value - notes) + buildid_padded(note->n_descsz);
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(name, "GNU", 4) == 0 &&
            2 * note->n_descsz < room) {
            buildid_print(text, (const unsigned char *)value, note->n_descsz);
            return true;
        }
        if (step > length)
            break;
        notes += step;
        length -= step;
    }
    return false;
}

static int buildid_visit(struct dl_phdr_info *info, size_t size, void *text) {
    (void)size;
    if (!buildid_contains(info, (ElfW(Addr))(uintptr_t)identity))
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        const char *notes = (const char *)(info->dlpi_addr + header->p_vaddr);
        if (header->p_type == PT_NOTE && buildid_from_notes(notes, header->p_memsz, text, 65))
            break;
    }
    return 1;
}

const char *buildid_identify(const char *name, const char *version) {
    char id[65] = "unknown";

    pthread_mutex_lock(&identity_lock);
    if (identity[0] == '\0') {
        dl_iterate_phdr(buildid_visit, id);
        snprintf(identity, sizeof identity, "%s %s %s", name, version, id);
    }
    pthread_mutex_unlock(&identity_lock);
    return identity;
}
