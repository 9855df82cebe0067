#include "wire/bundle.hpp"

namespace spore::wire {

namespace {
constexpr u64 part_alignment = 4096;
}

Result<Bundle> Bundle::parse(ByteSpan bytes) {
    auto* header = view_at<abi::BundleHeader>(bytes, 0);
    if (!header) return fail(Error::truncated);
    if (header->magic != abi::bundle_magic) return fail(Error::corrupt);
    if (header->version != abi::bundle_version) return fail(Error::not_supported);
    if (header->manifest_offset < sizeof(abi::BundleHeader) || !is_aligned(header->manifest_offset, part_alignment) ||
        !is_aligned(header->root_offset, part_alignment))
        return fail(Error::corrupt);
    auto manifest = slice(bytes, header->manifest_offset, header->manifest_size);
    if (!manifest) return fail(Error::truncated);
    if (header->root_size == 0) return Bundle{*manifest, {}};

    auto root = slice(bytes, header->root_offset, header->root_size);
    if (!root) return fail(Error::truncated);
    bool apart = header->root_offset >= header->manifest_offset + header->manifest_size ||
                 header->manifest_offset >= header->root_offset + header->root_size;
    if (!apart || header->root_offset < sizeof(abi::BundleHeader)) return fail(Error::corrupt);
    return Bundle{*manifest, *root};
}

abi::BundleHeader make_bundle_header(u64 manifest_size, u64 root_size) {
    abi::BundleHeader header{};
    header.magic = abi::bundle_magic;
    header.version = abi::bundle_version;
    header.manifest_offset = align_up(sizeof header, part_alignment);
    header.manifest_size = manifest_size;
    header.root_offset = align_up(header.manifest_offset + manifest_size, part_alignment);
    header.root_size = root_size;
    return header;
}

}  // namespace spore::wire
