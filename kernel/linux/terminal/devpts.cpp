#include "kernel/linux/terminal/devpts.hpp"

#include "base/format.hpp"
#include "kernel/fs/generated/generated.hpp"
#include "kernel/fs/special_file.hpp"
#include "kernel/fs/walk.hpp"
#include "kernel/linux/proc/table_tree.hpp"

namespace spore::linux {

namespace terminal {

namespace {

using fs::generated::Node;

/// Inode numbers as Linux gives them.
constexpr u64 number_offset = 3;

class SlaveNode final : public Node {
public:
    explicit SlaveNode(Shared<PseudoTerminal> terminal) : terminal_(std::move(terminal)) {}
    fs::FileType type() const override { return fs::FileType::character; }
    u64 number() const override { return terminal_->number() + number_offset; }
    fs::generated::NodeAttributes attributes() override {
        auto stat = terminal_->attributes();
        return {.permissions = stat.permissions, .uid = stat.uid, .gid = stat.gid, .special = stat.special};
    }
    Result<void> change(const fs::AttributeChange& change) override {
        terminal_->change(change);
        return {};
    }
    Result<Shared<fs::File>> open(fs::Dentry& entry, fs::OpenMode mode) override { return terminal_->open_slave(entry, mode); }

private:
    Shared<PseudoTerminal> terminal_;
};

class Directory final : public fs::generated::GeneratedDirectory {
public:
    Result<Shared<Node>> find(std::string_view name) override {
        auto number = proc::parse_number(name);
        if (!number || (name[0] == '0' && name.size() > 1)) return fail(Error::not_found);
        auto terminal = PseudoTerminal::find(static_cast<u32>(std::min<u64>(*number, PseudoTerminal::most)));
        if (!terminal) return fail(Error::not_found);
        return Shared<Node>(TRY(make_shared<SlaveNode>(std::move(terminal))));
    }
    Result<void> list(fs::generated::NodeLister& lister) override {
        auto from = static_cast<u32>(lister.after());
        while (auto number = PseudoTerminal::next(from)) {
            char name[12];
            if (!lister.entry(format_to(name, "{}", *number), fs::FileType::character, *number + 1)) return {};
            from = *number + 1;
        }
        return {};
    }
};

/// The mounted root. Mounted at boot, for good.
constinit fs::Dentry* mounted = nullptr;

}  // namespace

Result<Shared<fs::Dentry>> slave_entry(PseudoTerminal& terminal) {
    if (!mounted) return fail(Error::io);
    char name[12];
    auto entry = TRY(fs::look_up(*mounted, fs::hash_name(format_to(name, "{}", terminal.number()))));
    if (entry->negative()) return fail(Error::io);
    return entry;
}

}  // namespace terminal

Result<void> mount_pseudoterminals(fs::Dentry& root) {
    using namespace terminal;
    constexpr u64 devpts_magic = 0x1cd1;  // [linux/magic.h]
    TRY(fs::register_special(fs::FileType::character, fs::device_number(5, 2), open_master));
    fs::Context context{.root = root, .directory = root};
    auto at = fs::resolve(context, root, "/dev/pts", fs::Follow::yes);
    if (!at) return {};
    auto tree = TRY(fs::generated::GeneratedFileSystem::create("devpts", devpts_magic, TRY(make_shared<Directory>())));
    TRY(fs::mount(**at, std::move(tree), false));
    mounted = (*at)->mounted();
    return {};
}

}  // namespace spore::linux
