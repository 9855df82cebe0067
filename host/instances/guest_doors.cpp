#include "host/instances/guest_doors.hpp"

#include "host/snapshot/snapshot.hpp"

namespace spore::host {

Outcome<GuestDoors> GuestDoors::open(const Instance& instance) {
    return GuestDoors{TRY(listen_at(instance, Door::questions)), TRY(listen_at(instance, Door::executions)), TRY(listen_at(instance, Door::snapshots))};
}

RunHooks GuestDoors::hooks() const {
    return {.questions = questions.number(), .executions = executions.number(), .snapshots = snapshots.number(), .save = save_machine};
}

}  // namespace spore::host
