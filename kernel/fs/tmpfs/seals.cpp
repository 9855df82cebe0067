// Seals of files in memory [fcntl(2), file sealing]: what adds them, and what they forbid besides writing (file.cpp).
#include "kernel/fs/tmpfs/file.hpp"

namespace spore::fs::tmpfs {

namespace {
constexpr u16 executable_bits = 0111;
}

Result<void> TmpFile::add_seals(u32 seals) {
    if (seals & ~all_seals) return fail(Error::invalid);
    Guard guard(contents_mutex_);
    // A program that can run no more than it is stays as it is [linux] memfd_add_seals.
    if ((seals & seal_executable) && (TRY(stat()).permissions & executable_bits))
        seals |= seal_shrink | seal_grow | seal_write | seal_future_write;
    return seals_.with([&](Seals& s) -> Result<void> {
        if (s.set & seal_seal) return fail(Error::not_permitted);
        if ((seals & ~s.set & seal_write) && s.mapped_writers) return fail(Error::busy);
        s.set |= seals;
        return {};
    });
}

Result<void> TmpFile::begin_mapped_writes() {
    return seals_.with([](Seals& s) -> Result<void> {
        if (s.set & (seal_write | seal_future_write)) return fail(Error::not_permitted);
        ++s.mapped_writers;
        return {};
    });
}

void TmpFile::end_mapped_writes() {
    seals_.with([](Seals& s) { --s.mapped_writers; });
}

Result<void> TmpFile::check_resize(u64 size) {
    if (size < this->size() && sealed(seal_shrink)) return fail(Error::not_permitted);
    if (size > this->size() && sealed(seal_grow)) return fail(Error::not_permitted);
    return {};
}

Result<void> TmpFile::change(const AttributeChange& change) {
    if (change.set_permissions && sealed(seal_executable) && ((change.permissions ^ TRY(stat()).permissions) & executable_bits))
        return fail(Error::not_permitted);
    return TmpInode::change(change);
}

}  // namespace spore::fs::tmpfs
