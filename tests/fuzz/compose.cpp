// Any text as a Compose file: an error names the file, and nothing else happens.
#include "host/compose/compose.hpp"
#include "tests/fuzz/input.hpp"

using spore::fuzz::must;

extern "C" int LLVMFuzzerTestOneInput(const spore::u8* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    auto variables = [](const std::string& name) { return name.size() == 1 ? std::optional<std::string>("value") : std::nullopt; };
    auto project = spore::host::parse_compose(text, "/none/compose.yaml", variables);
    if (!project) must(project.error().message.starts_with("/none/compose.yaml:"));
    else must(!project->machines.empty());
    return 0;
}
