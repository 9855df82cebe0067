// Requests for copies, and entries of what is copied: paths that are accepted lead nowhere but below where they begin.
#include "tests/fuzz/input.hpp"
#include "wire/copy.hpp"

using namespace spore;
using spore::fuzz::must;

namespace {

/// Walks it, counting how far below its beginning it is.
bool stays_below(std::string_view path) {
    int depth = 0;
    while (!path.empty()) {
        auto name = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(path.size(), name.size() + 1));
        if (name.empty() || name == ".") continue;
        depth += name == ".." ? -1 : 1;
        if (depth <= 0) return false;
    }
    return depth > 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    auto payload = std::as_bytes(std::span(data, size));
    if (auto request = wire::CopyRequest::parse(payload)) {
        must(sizeof(abi::CopyPayload) + request->path.size() + request->name.size() + 2 == size);
        must(request->path.starts_with('/') && request->path.find('\0') == std::string_view::npos);
        must((request->direction == abi::CopyDirection::in) == !request->name.empty() && request->name.find('/') == std::string_view::npos);
    }
    std::string_view path(reinterpret_cast<const char*>(data), size);
    if (wire::is_path_below(path)) must(stays_below(path) && !path.starts_with('/') && path.find('\0') == std::string_view::npos);
    if (auto* entry = view_at<abi::CopyEntry>(payload, 0); entry && wire::is_sound(*entry)) must(entry->name <= abi::max_copy_string && entry->target <= abi::max_copy_string);
    return 0;
}
