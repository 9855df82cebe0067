#include "kernel/linux/terminal/terminal_file.hpp"

#include "kernel/fs/open.hpp"

namespace spore::linux::terminal {

Result<u64> TerminalFile::read(fs::IoBuffer& into) {
    if (!mode_.read) return fail(Error::bad_descriptor);
    return terminal_->read(into, wait());
}
Result<u64> TerminalFile::write(fs::IoBuffer& from) {
    if (!mode_.write) return fail(Error::bad_descriptor);
    return terminal_->write(from, wait());
}
std::string_view TerminalFile::describe(std::span<char> buffer) { return fs::describe_entry(*entry_, buffer); }

}  // namespace spore::linux::terminal
