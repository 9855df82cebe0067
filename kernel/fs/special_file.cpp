#include "kernel/fs/special_file.hpp"

namespace spore::fs {
namespace {

struct Table {
    struct Row {
        u64 number = 0;
        OpenSpecial open = nullptr;
        FileType type = FileType::unknown;
    };
    Row rows[32] = {};
    unsigned used = 0;
};
constinit Locked<Table, sync::Spin> table;

}  // namespace

Result<void> register_special(FileType type, u64 number, OpenSpecial open) {
    return table.with([&](Table& t) -> Result<void> {
        for (auto& row : std::span(t.rows).first(t.used))
            if (row.type == type && row.number == number) {
                row.open = open;
                return {};
            }
        if (t.used == std::size(t.rows)) return fail(Error::no_space);
        t.rows[t.used++] = {number, open, type};
        return {};
    });
}

Result<Shared<File>> open_special(Inode& inode, Dentry& entry, OpenMode mode) {
    u64 number = TRY(inode.stat()).special;
    auto open = table.with([&](Table& t) -> OpenSpecial {
        for (auto& row : std::span(t.rows).first(t.used))
            if (row.type == inode.type() && row.number == number) return row.open;
        return nullptr;
    });
    if (!open) return fail(Error::no_such_device_address);
    return open(entry, mode);
}

}  // namespace spore::fs
