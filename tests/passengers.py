"""Any passenger there could be, for property tests."""

from hypothesis import strategies as st

from titanic.passenger import CLASSES, MAX_AGE_YEARS, MAX_FARE_POUNDS, MAX_RELATIVES, PORTS, SEXES, Passenger

# NUL is in no list: PostgreSQL does not take it, and a file with it is refused.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
PASSENGERS = st.builds(
    Passenger,
    pclass=st.sampled_from(CLASSES),
    name=st.one_of(TEXT, st.builds("{}, {}. {}".format, TEXT, TEXT, TEXT)),
    sex=st.sampled_from(SEXES),
    age=st.none() | st.floats(0, MAX_AGE_YEARS),
    sibsp=st.integers(0, MAX_RELATIVES),
    parch=st.integers(0, MAX_RELATIVES),
    ticket=st.none() | TEXT,
    fare=st.none() | st.floats(0, MAX_FARE_POUNDS),
    cabin=st.none() | TEXT,
    embarked=st.none() | st.sampled_from(PORTS),
)
