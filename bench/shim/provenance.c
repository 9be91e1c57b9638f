#define _GNU_SOURCE
#include "provenance.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct search {
    uintptr_t address;
    gbench_library *library;
} search;

static void write_hex(char *out, size_t capacity, const unsigned char *bytes, size_t count) {
    static const char digits[] = "0123456789abcdef";
    size_t n = count < (capacity - 1) / 2 ? count : (capacity - 1) / 2;
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}

static int contains(const struct dl_phdr_info *object, uintptr_t address) {
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD &&
            address - (object->dlpi_addr + segment->p_vaddr) < segment->p_memsz)
            return 1;
    }
    return 0;
}

/* Looks for the build id among the notes of one segment. */
static int read_notes(const char *notes, size_t size, gbench_library *library) {
    while (size >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) head;
        memcpy(&head, notes, sizeof head);
        size_t name = (head.n_namesz + 3u) & ~(size_t)3;
        size_t whole = sizeof head + name + ((head.n_descsz + 3u) & ~(size_t)3);
        if (whole > size)
            return 0;
        const char *text = notes + sizeof head;
        if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 && memcmp(text, "GNU", 4) == 0) {
            write_hex(library->build_id, sizeof library->build_id,
                      (const unsigned char *)text + name, head.n_descsz);
            return 1;
        }
        notes += whole;
        size -= whole;
    }
    return 0;
}

/* The loader names the program itself "". A file deleted since keeps the name it was loaded by. */
static void resolve_path(const char *loaded_as, gbench_library *library) {
    const char *name = loaded_as[0] ? loaded_as : "/proc/self/exe";
    if (!realpath(name, library->path)) {
        strncpy(library->path, name, sizeof library->path - 1);
        library->path[sizeof library->path - 1] = '\0';
    }
}

static int examine(struct dl_phdr_info *object, size_t size, void *data) {
    (void)size;
    search *s = data;
    if (!contains(object, s->address))
        return 0;
    s->library->build_id[0] = '\0';
    resolve_path(object->dlpi_name, s->library);
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type == PT_NOTE &&
            read_notes((const char *)(object->dlpi_addr + segment->p_vaddr), segment->p_memsz,
                       s->library))
            break;
    }
    return 1;
}

int gbench_library_of_address(const void *address, gbench_library *library) {
    search s = {(uintptr_t)address, library};
    return dl_iterate_phdr(examine, &s) ? 0 : -1;
}

int gbench_library_of_symbol(const char *symbol, gbench_library *library) {
    /* Not &symbol: in a program that may be a stub of its own, and here it is a name anyway. */
    void *address = dlsym(RTLD_DEFAULT, symbol);
    return address ? gbench_library_of_address(address, library) : -1;
}

int64_t gbench_vm_hwm(void) {
    char text[4096];
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0)
        return -1;
    text[length] = '\0';
    const char *line = strstr(text, "\nVmHWM:");
    return line ? strtoll(line + strlen("\nVmHWM:"), NULL, 10) * 1024 : -1;
}

int64_t gbench_minor_faults(void) {
    struct rusage usage;
    /* RUSAGE_THREAD and a buffer of our own: this cannot fail. */
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt;
}
