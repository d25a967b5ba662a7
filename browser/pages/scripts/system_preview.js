// The card's own words about the instruction in force; null without a card.
const card = find("system_card");
return { preview: card ? card.innerText : null, winners };
