#include "kernel/drivers/block/disk.hpp"

#include <algorithm>

#include "kernel/core/log.hpp"
#include "kernel/time/timer.hpp"

namespace spore::drivers {

using device::sector_size;
using device::TransferPiece;
using device::piece_alignment;

Result<void> Disk::transfer(Operation operation, u64 first, Pieces pieces) {
    if (operation == Operation::write && read_only()) return fail(Error::read_only);
    if (pieces.size() > max_pieces) return fail(Error::invalid);
    u64 bytes = 0;
    for (auto& piece : pieces) {
        if (!piece.size || piece.size % sector_size || piece.address.value % piece_alignment) return fail(Error::invalid);
        bytes += piece.size;
    }
    if (bytes % shape_.block_size || first * sector_size % shape_.block_size) return fail(Error::invalid);
    if (first > sectors() || bytes / sector_size > sectors() - first) return fail(Error::out_of_range);
    auto start = time::now();
    auto done = operation == Operation::flush ? carry_out(operation, 0, {}, 0) : carry_out_parts(operation, first, pieces);
    if (!done) {
        core::warn("a disk fails from sector {} on", first);
        return done;
    }
    (operation == Operation::read ? reads : operation == Operation::write ? writes : flushes).count(bytes / sector_size, time::now() - start);
    return {};
}

void Disk::set_shape(const Shape& shape) {
    shape_ = shape;
    // One that makes no sense, or is never reached, is only advice.
    auto& granularity = shape_.discard_granularity;
    if (granularity > shape_.most_discarded || granularity * u64{sector_size} % shape_.block_size) granularity = 0;
    granularity = std::max(granularity, shape_.block_size / sector_size);
    if (shape_.read_only || shape_.most_discarded < granularity) shape_.most_discarded = 0;
    // Where a long stretch is cut, nothing of it is left over.
    shape_.most_discarded -= shape_.most_discarded % granularity;
}

/// What does not fill a whole block stays.
Result<void> Disk::discard(u64 first, u64 count) {
    if (!shape_.most_discarded) return fail(Error::not_supported);
    if (read_only()) return fail(Error::read_only);
    if (first > sectors() || count > sectors() - first) return fail(Error::out_of_range);
    u64 in_block = shape_.block_size / sector_size, end = align_down(first + count, in_block);
    for (u64 at = align_up(first, in_block); at < end;) {
        u64 part = std::min<u64>(end - at, shape_.most_discarded - at % shape_.discard_granularity);
        TRY(carry_out(Operation::discard, at, {}, static_cast<u32>(part * sector_size)));
        at += part;
    }
    return {};
}

/// As few requests as the shape allows.
Result<void> Disk::carry_out_parts(Operation operation, u64 first, Pieces pieces) {
    u32 offset = 0;  // in the first of the pieces
    while (!pieces.empty()) {
        TransferPiece part[max_pieces];
        u32 count = 0, bytes = 0;
        u64 end = 0;
        while (!pieces.empty() && bytes < shape_.most_bytes) {
            auto at = pieces.front().address + offset;
            if (count && shape_.joins_at_pages && (at.value | end) % page_size) break;
            u32 size = std::min(pieces.front().size - offset, shape_.most_bytes - bytes);
            part[count++] = {at, size};
            bytes += size, offset += size;
            end = at.value + size;
            if (offset == pieces.front().size) pieces = pieces.subspan(1), offset = 0;
        }
        if (bytes % shape_.block_size) return fail(Error::invalid);
        TRY(carry_out(operation, first, {part, count}, bytes));
        first += bytes / sector_size;
    }
    return {};
}

}  // namespace spore::drivers
