// Any text as a container's configuration: an error names what is wrong, and nothing else happens.
#include "host/oci/spec.hpp"
#include "tests/fuzz/input.hpp"

using spore::fuzz::must;

extern "C" int LLVMFuzzerTestOneInput(const spore::u8* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    auto spec = spore::host::oci::parse_spec(text, "/bundle");
    if (!spec) {
        must(spec.error().status == spore::host::ExitStatus::bad_configuration && !spec.error().message.empty());
    } else {
        must(!spec->process.arguments.empty() && spec->process.folder.starts_with('/') && !spec->root.empty());
        for (const auto& mount : spec->mounts) must(mount.guest.starts_with('/') && mount.guest != "/");
        (void)spec->holds_pod();
    }
    auto process = spore::host::oci::parse_process(text);
    if (process) must(!process->arguments.empty());
    return 0;
}
