// zlib's gzip in three calls. Needed because deflateInit2 and inflateInit2 are macros, which Swift does not import.
#pragma once
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <zlib.h>

// 15 bits of window; 16 more stand for the gzip format.
#define APUS_GZIP_WINDOW (15 + 16)

// How large the gzip of `length` bytes can become, with room for the header, the trailer and a byte to spare.
static inline ptrdiff_t apus_gzip_bound(ptrdiff_t length) { return length + (length >> 8) + (length >> 12) + 64; }

// Writes the gzip of the source to the target and returns its length, or 0 where it does not fit.
static inline ptrdiff_t apus_gzip(const unsigned char *source, ptrdiff_t length, unsigned char *target,
                                  ptrdiff_t capacity) {
    if (length > (ptrdiff_t)UINT_MAX || capacity > (ptrdiff_t)UINT_MAX) return 0;
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, APUS_GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return 0;
    }
    stream.next_in = (unsigned char *)source;
    stream.avail_in = (unsigned int)length;
    stream.next_out = target;
    stream.avail_out = (unsigned int)capacity;
    int status = deflate(&stream, Z_FINISH);
    ptrdiff_t written = (ptrdiff_t)stream.total_out;
    deflateEnd(&stream);
    return status == Z_STREAM_END ? written : 0;
}

// Expands one gzip member and returns the length, or -1 where it is damaged, does not fit or has bytes behind it.
static inline ptrdiff_t apus_gunzip(const unsigned char *source, ptrdiff_t length, unsigned char *target,
                                    ptrdiff_t capacity) {
    if (length > (ptrdiff_t)UINT_MAX || capacity > (ptrdiff_t)UINT_MAX) return -1;
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (inflateInit2(&stream, APUS_GZIP_WINDOW) != Z_OK) return -1;
    stream.next_in = (unsigned char *)source;
    stream.avail_in = (unsigned int)length;
    stream.next_out = target;
    stream.avail_out = (unsigned int)capacity;
    int status = inflate(&stream, Z_FINISH);
    ptrdiff_t written = stream.avail_in == 0 ? (ptrdiff_t)stream.total_out : -1;
    inflateEnd(&stream);
    return status == Z_STREAM_END ? written : -1;
}
