// Globals: the compiler puts a redzone behind each, and tells of all those of a file in a constructor.
#include "access.hpp"
#include "base/format.hpp"
#include "start.hpp"

extern "C" {
extern void (*constructors_start[])();
extern void (*constructors_end[])();
}

namespace spore::arch {
namespace {

/// [llvm compiler-rt/lib/asan/asan_interface_internal.h] __asan_global.
struct Global {
    u64 start, size, size_with_redzone;
    const char* name;
    const char* file;
    u64 has_dynamic_initializer, source_location, indicator;
};
static_assert(sizeof(Global) == 64);

constexpr std::size_t most_files = 1024;
constinit std::span<const Global> files[most_files] = {};
constinit std::size_t file_count = 0;

}  // namespace

void guard_globals() {
    for (auto* constructor = constructors_start; constructor < constructors_end; ++constructor) (*constructor)();
}

extern "C" [[gnu::used]] void __asan_register_globals(const Global* globals, u64 count) {
    for (auto& global : std::span(globals, count)) {
        u64 whole = align_up(global.size, granule);
        shadow.unpoison(global.start, global.size);
        shadow.poison(global.start + whole, global.size_with_redzone - whole, shadow_byte::global);
    }
    if (file_count < most_files) files[file_count++] = {globals, count};
}

std::string_view describe_global(u64 bad, std::span<char> text) {
    for (auto& file : std::span(files, file_count))
        for (auto& global : file)
            if (bad - global.start < global.size_with_redzone) {
                std::string_view path = global.file, name = path.substr(path.rfind('/') + 1);
                return format_to(text, "{} bytes behind '{}' ({} bytes) of {}", bad - global.start - global.size, std::string_view(global.name), global.size, name);
            }
    return {};
}

}  // namespace spore::arch
