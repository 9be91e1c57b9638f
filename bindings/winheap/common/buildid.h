/* Which library this code was linked into: what winheap_engine() answers. */
#ifndef WINHEAP_BUILDID_H
#define WINHEAP_BUILDID_H

/*
 * "NAME VERSION BUILDID", BUILDID being the hex of this library's GNU build id ("unknown" when it
 * was linked without one). Static storage, composed once: every call must pass the same strings.
 */
const char *buildid_identify(const char *name, const char *version);

#endif
