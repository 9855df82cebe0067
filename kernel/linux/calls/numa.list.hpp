// Which node's memory is used: there is one, 0.
CALL(get_mempolicy, 239, 236, fails, supported, (UserOut<i32> mode, UserBytes nodes, u64 node_bits, UserAddress at, u64 flags), "")
CALL(set_mempolicy, 238, 237, fails, supported, (i32 mode, UserIn<u64> nodes, u64 node_bits), "")
CALL(mbind, 237, 235, fails, partial, (UserAddress start, u64 size, u64 mode, UserIn<u64> nodes, u64 node_bits, u32 flags), "checks and forgets: get_mempolicy tells the thread's policy of every address")
CALL(set_mempolicy_home_node, 450, 450, fails, partial, (UserAddress start, u64 size, u64 node, u64 flags), "finds no policy of mbind's, and says so")
CALL(migrate_pages, 256, 238, fails, supported, (i32 pid, u64 node_bits, UserIn<u64> from, UserIn<u64> to), "")
CALL(move_pages, 279, 239, fails, supported, (i32 pid, u64 count, UserIn<u64> pages, UserIn<i32> nodes, UserOut<i32> status, i32 flags), "")
