// People of the passenger list, as it has them, and what became of them.

const person = (survived, Pclass, Name, Sex, Age, SibSp, Parch, Ticket, Fare, Cabin, Embarked, story) => ({
  survived,
  story,
  passenger: { Pclass, Name, Sex, Age, SibSp, Parch, Ticket, Fare, Embarked, ...(Cabin && { Cabin }) },
});

export const EXAMPLES = [
  person(1, 1, "Brown, Mrs. James Joseph (Margaret Tobin)", "female", 44, 0, 0, "PC 17610", 27.7208, "B4", "C",
    "Remembered as the unsinkable Molly Brown"),
  person(0, 1, "Andrews, Mr. Thomas Jr", "male", 39, 0, 0, "112050", 0, "A36", "S", "Designed the ship"),
  person(1, 2, "Navratil, Master. Michel M", "male", 3, 1, 1, "230080", 26, "F2", "S",
    "One of two brothers whom no one could name"),
  person(0, 3, "Goodwin, Master. Sidney Leonard", "male", 1, 5, 2, "CA 2144", 46.9, "", "S",
    "The unknown child, named 95 years later"),
  person(0, 1, "Allison, Miss. Helen Loraine", "female", 2, 1, 2, "113781", 151.55, "C22 C26", "S",
    "The only child of first class who was lost"),
  person(1, 3, "Heikkinen, Miss. Laina", "female", 26, 0, 0, "STON/O2. 3101282", 7.925, "", "S",
    "Came from Finland, travelling alone"),
];
