// Requests to start a program beside the first: what is accepted can be walked through, and holds as many strings as it says.
#include "tests/fuzz/input.hpp"
#include "wire/start_request.hpp"

using namespace spore;
using spore::fuzz::must;

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    auto payload = std::as_bytes(std::span(data, size));
    auto request = wire::StartRequest::parse(payload);
    if (!request) return 0;
    // Each with its zero, they fill the payload.
    std::size_t bytes = sizeof(abi::StartPayload) + request->folder().size() + 1, arguments = 0, variables = 0;
    request->for_each_argument([&](std::string_view text) { bytes += text.size() + 1, ++arguments; });
    request->for_each_variable([&](std::string_view text) {
        bytes += text.size() + 1, ++variables;
        must(text.find('=') != std::string_view::npos && text[0] != '=');
    });
    must(bytes == size && arguments == request->argument_count() && arguments > 0 && variables == request->variable_count());
    must(request->groups().size() <= abi::most_groups);
    must(request->head().terminal <= 1 && request->head().own_user <= 1);
    return 0;
}
