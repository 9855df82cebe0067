#include "kernel/linux/process/pidfd.hpp"

#include "base/format.hpp"
#include "kernel/linux/process/tree.hpp"

namespace spore::linux {

namespace {

class ProcessFile final : public fs::File {
public:
    ProcessFile(Shared<Process> process, fs::OpenMode mode) : File(mode), process_(std::move(process)) {}

    fs::Ready ready() override {
        TreeGuard guard(tree_lock());
        return process_->zombie ? fs::Ready::in : fs::Ready::none;
    }
    fs::PollSource* poll_source() override { return &process_->poll_source; }
    std::string_view describe(std::span<char> buffer) override { return format_to(buffer, "anon_inode:[pidfd]"); }
    fs::FileKind kind() const override { return fs::FileKind::process; }
    const Shared<Process>& process() const { return process_; }

private:
    Shared<Process> process_;
};

}  // namespace

Result<Shared<fs::File>> make_pidfd(Shared<Process> process, fs::OpenMode mode) {
    return Shared<fs::File>(TRY(make_shared<ProcessFile>(std::move(process), mode)));
}

Result<Shared<Process>> process_of(fs::File& file) {
    if (file.kind() != fs::FileKind::process) return fail(Error::bad_descriptor);
    return static_cast<ProcessFile&>(file).process();
}

}  // namespace spore::linux
