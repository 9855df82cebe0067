#include "wire/erofs/directory.hpp"

namespace spore::wire::erofs {

Result<DirectoryBlock> DirectoryBlock::parse(ByteSpan bytes) {
    const auto* first = view_at<RawDirectoryRecord>(bytes, 0);
    if (!first) return fail(Error::corrupt);
    // The first name begins where the records end, which is how many there are told.
    unsigned names = first->name_offset;
    if (names == 0 || names % sizeof(RawDirectoryRecord) != 0 || names > bytes.size()) return fail(Error::corrupt);
    return DirectoryBlock(bytes, names / sizeof(RawDirectoryRecord));
}

Result<DirectoryRecord> DirectoryBlock::record(unsigned index) const {
    constexpr u8 mode_types[] = {0, 8, 4, 2, 6, 1, 12, 10};
    const auto* raw = view_at<RawDirectoryRecord>(bytes_, index * sizeof(RawDirectoryRecord));
    if (!raw || index >= count_) return fail(Error::corrupt);
    std::size_t begin = raw->name_offset;
    std::size_t end = bytes_.size();
    if (index + 1 < count_) end = view_at<RawDirectoryRecord>(bytes_, (index + 1) * sizeof(RawDirectoryRecord))->name_offset;
    if (begin < count_ * sizeof(RawDirectoryRecord) || end > bytes_.size() || begin >= end) return fail(Error::corrupt);
    std::string_view name{reinterpret_cast<const char*>(bytes_.data()) + begin, end - begin};
    // The last name may be followed by zeros up to the end of the block.
    name = name.substr(0, name.find('\0'));
    if (name.empty() || name.size() > 255 || name.find('/') != name.npos) return fail(Error::corrupt);
    if (raw->type >= std::size(mode_types)) return fail(Error::corrupt);
    return DirectoryRecord{name, raw->nid, mode_types[raw->type]};
}

Result<DirectoryRecord> DirectoryBlock::find(std::string_view name) const {
    unsigned low = 0, high = count_;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        auto found = TRY(record(middle));
        if (found.name == name) return found;
        if (found.name < name) low = middle + 1;
        else high = middle;
    }
    return fail(Error::not_found);
}

}  // namespace spore::wire::erofs
