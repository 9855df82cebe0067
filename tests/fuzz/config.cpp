// Any text as a spore.toml, of one program and of several machines: an error names the file, and nothing else happens.
#include <cstdlib>

#include "host/plan/project.hpp"

extern "C" int LLVMFuzzerTestOneInput(const spore::u8* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    auto request = spore::host::parse_config(text, "/none/spore.toml");
    if (!request && !request.error().message.starts_with("/none/spore.toml:")) std::abort();
    auto project = spore::host::parse_project(text, "/none/spore.toml");
    if (!project && !project.error().message.starts_with("/none/spore.toml")) std::abort();
    return 0;
}
