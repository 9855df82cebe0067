// Programs that are given as their source: `spore run hello.c`.
#pragma once

#include "host/plan/plan.hpp"

namespace spore::host {

enum class Language : u8 { c, cpp };
/// Of a file, by its name; nothing for one that no compiler is asked about.
std::optional<Language> language_of(const fs::path& file);

/// The compiler's words: the user's ($CC, $CXX, $CFLAGS …), or those of what is there, for a program without shared libraries. missing_tool.
Outcome<std::vector<std::string>> compile_command(Language language, Architecture architecture, const fs::path& source, const fs::path& output);

/// Compiles a program that is the source of one, and puts what comes out in its place. Does nothing with any other.
Outcome<void> compile_source(Request& request);

}  // namespace spore::host
