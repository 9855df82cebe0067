#include "kernel/drivers/block/pvscsi/attach.hpp"

#include "kernel/drivers/block/pvscsi/adapter.hpp"

namespace spore::drivers::pvscsi {

namespace {
constexpr u32 register_bar = 0;
}

Result<void> attach(const PciFunction& function) {
    return TRY(make_owned<Adapter>(TRY(open_hardware(function, register_bar, wire::pvscsi::register_space)))).release()->open();
}

}  // namespace spore::drivers::pvscsi
