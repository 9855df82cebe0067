#include "wire/copy.hpp"

namespace spore::wire {

Result<CopyRequest> CopyRequest::parse(ByteSpan payload) {
    auto* head = view_at<abi::CopyPayload>(payload, 0);
    if (!head) return fail(Error::truncated);
    auto rest = payload.subspan(sizeof *head);
    std::string_view strings(reinterpret_cast<const char*>(rest.data()), rest.size());
    auto first = strings.find('\0');
    if (first == strings.npos || strings.find('\0', first + 1) != strings.size() - 1) return fail(Error::truncated);
    CopyRequest request{static_cast<abi::CopyDirection>(head->direction), strings.substr(0, first), strings.substr(first + 1, strings.size() - first - 2)};
    if (request.direction > abi::CopyDirection::in || !request.path.starts_with('/')) return fail(Error::corrupt);
    bool is_name = is_path_below(request.name) && request.name.find('/') == request.name.npos;
    if (request.direction == abi::CopyDirection::in ? !is_name : !request.name.empty()) return fail(Error::corrupt);
    return request;
}

bool is_sound(const abi::CopyEntry& entry) {
    auto type = static_cast<abi::CopyType>(entry.type);
    if (type < abi::CopyType::file || type > abi::CopyType::problem || entry.name > abi::max_copy_string || entry.target > abi::max_copy_string) return false;
    return (entry.target != 0) == (type == abi::CopyType::link) && entry.permissions <= 0777;
}

bool is_path_below(std::string_view path) {
    if (path.find('\0') != path.npos) return false;
    while (true) {
        auto name = path.substr(0, path.find('/'));
        if (name.empty() || name == "." || name == "..") return false;
        if (name.size() == path.size()) return true;
        path.remove_prefix(name.size() + 1);
    }
}

}  // namespace spore::wire
