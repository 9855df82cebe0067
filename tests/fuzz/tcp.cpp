// TCP options: whatever comes is read within its bounds, and what was read survives being written and read again.
#include <cstdlib>

#include "wire/net/tcp.hpp"

using namespace spore;
using namespace spore::wire::tcp;

namespace {
void must(bool condition) {
    if (!condition) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Options options;
    parse_options(std::as_bytes(std::span(data, size)), options);
    must(options.sack_count <= Options::max_sack_blocks && options.cookie_size <= Options::max_cookie);

    std::byte written[max_options_size];
    u32 written_size = write_options(written, options);
    must(written_size <= max_options_size && written_size % 4 == 0);
    Options again;
    parse_options({written, written_size}, again);
    // What finds no room is left out, from the end.
    must(again.mss == options.mss && again.timestamps == options.timestamps && again.sack_permitted == options.sack_permitted);
    must(again.timestamp == options.timestamp && again.echo == options.echo && again.scale == options.scale);
    must(again.sack_count <= options.sack_count);
    for (u32 i = 0; i < again.sack_count; ++i) must(again.sack[i].begin == options.sack[i].begin && again.sack[i].end == options.sack[i].end);
    if (again.fast_open) must(options.fast_open && again.cookie_size == options.cookie_size);
    return 0;
}
