// What happens before everything else.
#pragma once

namespace spore::arch {

/// Runs the constructors, which tell of the files' globals.
void guard_globals();
/// Keeps the word that names a mistake to make (mistakes.cpp).
void choose_mistake(const char* word);

}  // namespace spore::arch
