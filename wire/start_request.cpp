#include "wire/start_request.hpp"

#include <algorithm>

namespace spore::wire {

Result<StartRequest> StartRequest::parse(ByteSpan payload) {
    auto* head = view_at<abi::StartPayload>(payload, 0);
    if (!head) return fail(Error::truncated);
    if (head->terminal > 1 || head->own_user > 1 || head->group_count > abi::most_groups || head->arguments == 0) return fail(Error::corrupt);
    StartRequest request(payload);
    auto strings = request.strings();
    if (strings.empty() || strings.back() != '\0') return fail(Error::truncated);
    auto count = static_cast<std::size_t>(std::ranges::count(strings, '\0'));
    if (count <= head->arguments) return fail(Error::corrupt);
    request.variables_ = count - 1 - head->arguments;
    bool sound = true;
    request.for_each(1, 1, [&](std::string_view program) { sound = !program.empty(); });
    request.for_each_variable([&](std::string_view text) { sound = sound && text.find('=') != text.npos && !text.starts_with('='); });
    if (!sound) return fail(Error::corrupt);
    return request;
}

}  // namespace spore::wire
