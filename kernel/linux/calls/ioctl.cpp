// ioctl: what every file has, then the file's own.
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/process/process.hpp"

namespace spore::linux::calls {

namespace {
enum Request : u32 { fio_clex = 0x5451, fio_nclex = 0x5450, fio_nbio = 0x5421, fio_async = 0x5452 };
}

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
        if (request == fio_nbio) mode.nonblocking = on;
        else mode.asynchronous = on;
        TRY(file->set_mode(mode));
        return 0;
    }
    default: return file->ioctl(request, argument);
    }
}

}  // namespace spore::linux::calls
