"""What may be wrong with a job."""

from enum import IntEnum

__all__ = ["MEANINGS", "Cause"]


class Cause(IntEnum):
    """What was wrong with a job or its streams."""

    #: Nothing.
    NONE = 0
    #: A row's number is not above that of the row before it in the window.
    ROW_ORDER = 1
    #: A beat of stationary values says that it holds more than fit in a beat.
    STATIONARY_COUNT = 2
    #: A stationary value came that no set bit of the window's rows stands for, or ``last`` was missing.
    STATIONARY_SURPLUS = 3
    #: ``last`` came before the values of all set bits of the window's rows.
    STATIONARY_SHORT = 4
    #: The group has no Flex-DPE, or one that the engine has not.
    JOB_GROUP = 5
    #: No rows, vectors or windows, or more rows than row numbers.
    JOB_SHAPE = 6
    #: Rows times vectors are more than the accumulator holds.
    JOB_ACCUMULATOR = 7
    #: ``last`` came with another vector than the job's last one, or did not come with that.
    VECTOR_COUNT = 8
    #: A row's number is not below the job's rows.
    ROW_RANGE = 9


#: What each cause means to who sent the job.
MEANINGS = {
    Cause.NONE: "no error",
    Cause.ROW_ORDER: "a row's number is not above the one before it in the window",
    Cause.STATIONARY_COUNT: "a beat of stationary values says that it holds more than fit in a beat",
    Cause.STATIONARY_SURPLUS: "a value came that no set bit of the window's rows stands for, or tlast was late",
    Cause.STATIONARY_SHORT: "tlast came before the values of all set bits of the window's rows",
    Cause.JOB_GROUP: "the group has no Flex-DPE, or one that the engine has not",
    Cause.JOB_SHAPE: "no rows, vectors or windows, or more rows than row numbers",
    Cause.JOB_ACCUMULATOR: "the results are more than the accumulator holds",
    Cause.VECTOR_COUNT: "tlast came with another vector than the job's last one, or did not come with that",
    Cause.ROW_RANGE: "a row's number is not below the job's rows",
}
