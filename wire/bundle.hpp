// Reads abi/bundle.hpp: checks where the parts of a bundle lie and hands them out.
#pragma once

#include "abi/bundle.hpp"
#include "base/result.hpp"

namespace spore::wire {

/// The parts of a bundle: views on its bytes.
struct Bundle {
    ByteSpan manifest;
    ByteSpan root;  ///< an EROFS image; empty when the root is on a disk

    /// `corrupt` for a wrong magic or impossible offsets, `not_supported` for another version, `truncated` when parts reach past the end.
    static Result<Bundle> parse(ByteSpan bytes);
};

/// The header for a bundle with parts of these sizes, laid out as abi/bundle.hpp draws it.
abi::BundleHeader make_bundle_header(u64 manifest_size, u64 root_size);

}  // namespace spore::wire
