// ioctl: what every file has, then the file's own.
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/signal/file_events.hpp"

namespace spore::linux::calls {

namespace {

enum Request : u32 {
    fio_clex = 0x5451, fio_nclex = 0x5450, fio_nbio = 0x5421, fio_async = 0x5452,
    fi_trim = 0xc018'5879,
    fio_setown = 0x8901, sioc_setgroup = 0x8902, fio_getown = 0x8903, sioc_getgroup = 0x8904,
};

/// F_SETOWN and F_GETOWN by the names that sockets know them by, too.
Result<u64> socket_ioctl(fs::File& file, u32 request, u64 argument) {
    switch (request) {
    case fio_setown:
    case sioc_setgroup: TRY(set_event_owner(file, TRY(owner_numbered(TRY(UserIn<i32>{{argument}}.read()))))); return 0;
    case fio_getown:
    case sioc_getgroup: TRY(UserOut<i32>{{argument}}.write(number_of(event_owner(file)))); return 0;
    default: return file.ioctl(request, argument);
    }
}

/// [linux/fs.h, struct fstrim_range]
struct TrimRange {
    u64 start, length, least;
};

/// What the disk need not keep [fstrim(8)]; the range's length becomes how much that was.
Result<u64> trim(Task& task, fs::File& file, u64 argument) {
    auto* inode = file.inode();
    if (!inode) return fail(Error::not_a_terminal);
    if (!task.process().credentials().may(Capability::admin)) return fail(Error::not_permitted);
    auto range = TRY(UserIn<TrimRange>{{argument}}.read());
    u64 end = range.length < ~u64{0} - range.start ? range.start + range.length : ~u64{0};
    range.length = TRY(inode->file_system().trim(range.start, end, range.least));
    TRY(UserOut<TrimRange>{{argument}}.write(range));
    return 0;
}

}  // namespace

Result<u64> ioctl(Task& task, Descriptor descriptor, Flags request, u64 argument) {
    auto file = TRY(task.files().get(descriptor));
    if (file->mode().path_only) return fail(Error::bad_descriptor);
    switch (request) {
    case fio_clex: TRY(task.files().set_on_exec(descriptor, OnExec::close)); return 0;
    case fio_nclex: TRY(task.files().set_on_exec(descriptor, OnExec::keep)); return 0;
    case fio_nbio:
    case fio_async: {
        auto mode = file->mode();
        bool on = TRY(UserIn<i32>{{argument}}.read()) != 0;
        if (request == fio_nbio) {
            mode.nonblocking = on;
        } else if (mode.asynchronous != on) {
            if (!tells_of_events(*file)) return fail(Error::not_a_terminal);
            TRY(set_asynchronous(*file, descriptor.value, on));
            mode.asynchronous = on;
        }
        TRY(file->set_mode(mode));
        return 0;
    }
    case fi_trim: return trim(task, *file, argument);
    default: return file->kind() == fs::FileKind::socket ? socket_ioctl(*file, request, argument) : file->ioctl(request, argument);
    }
}

}  // namespace spore::linux::calls
