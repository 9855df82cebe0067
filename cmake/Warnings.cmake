# Warnings that every target of ours is built with.
set(SPORE_WARNINGS -Wall -Wextra -Werror -Wno-unused-parameter -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
    -Wno-gnu-statement-expression -Wno-c99-designator -Wno-missing-field-initializers)
