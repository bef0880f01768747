"""People of the passenger list, as it has them, and what became of them."""

from mlops.use_case import Cell, Example

_COLUMNS = ("Pclass", "Name", "Sex", "Age", "SibSp", "Parch", "Ticket", "Fare", "Cabin", "Embarked")


def _person(label: int, title: str, story: str, *cells: Cell) -> Example:
    row = dict(zip(_COLUMNS, cells, strict=True))
    return Example({name: cell for name, cell in row.items() if cell is not None}, label, title, story)


EXAMPLES = (
    _person(
        *(1, "Mrs James Joseph Brown", "Remembered as the unsinkable Molly Brown"),
        *(1, "Brown, Mrs. James Joseph (Margaret Tobin)", "female", 44, 0, 0, "PC 17610", 27.7208, "B4", "C"),
    ),
    _person(
        *(0, "Mr Thomas Andrews Jr", "Designed the ship"),
        *(1, "Andrews, Mr. Thomas Jr", "male", 39, 0, 0, "112050", 0, "A36", "S"),
    ),
    _person(
        *(1, "Master Michel M Navratil", "One of two brothers whom no one could name"),
        *(2, "Navratil, Master. Michel M", "male", 3, 1, 1, "230080", 26, "F2", "S"),
    ),
    _person(
        *(0, "Master Sidney Leonard Goodwin", "The unknown child, named 95 years later"),
        *(3, "Goodwin, Master. Sidney Leonard", "male", 1, 5, 2, "CA 2144", 46.9, None, "S"),
    ),
    _person(
        *(0, "Miss Helen Loraine Allison", "The only child of first class who was lost"),
        *(1, "Allison, Miss. Helen Loraine", "female", 2, 1, 2, "113781", 151.55, "C22 C26", "S"),
    ),
    _person(
        *(1, "Miss Laina Heikkinen", "Came from Finland, travelling alone"),
        *(3, "Heikkinen, Miss. Laina", "female", 26, 0, 0, "STON/O2. 3101282", 7.925, None, "S"),
    ),
)
