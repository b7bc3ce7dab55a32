// How large a package may be. The vendor's are about 3 KB: what is a thousand times larger is something else.

export const LARGEST_ZIP = 32 * 1024 * 1024
/** Of one file, unpacked. */
export const LARGEST_ENTRY = 16 * 1024 * 1024
/** Of the directory of a zip: more names than a package can have are not even listed. */
export const MOST_ENTRIES = 16
