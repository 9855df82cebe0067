// Any text as a spore.toml: an error names the file, and nothing else happens.
#include <cstdlib>

#include "host/plan/config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const spore::u8* data, std::size_t size) {
    auto request = spore::host::parse_config({reinterpret_cast<const char*>(data), size}, "/none/spore.toml");
    if (!request && !request.error().message.starts_with("/none/spore.toml:")) std::abort();
    return 0;
}
